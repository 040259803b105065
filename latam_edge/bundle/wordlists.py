"""256 everyday words per language, one for each value of a byte.

Words that a child knows, three to nine letters, written without accents so that any
keyboard can type them; no two of a list begin with the same four letters. A test
holds the lists to that. The order must never change: it is what a byte means.
"""

from __future__ import annotations

_ES = """
abeja abrigo aceite acero aguja ajedrez alambre algodon alto amigo ancla antena apio arbol arco arpa
arroz atlas aula aurora autobus avena azafran azucar bahia banco barco barro batata beso bigote bloque
bodega bola bombo bosque brasa brazo brisa brocha bucle bueno bufanda burbuja buzon cabra cacao caja
calle cama caracol casa caucho cebolla ceja cena cepillo cesta chal chico chocolate cinta ciruela clavo
cobre cocina codo cofre comedor copa corcho cosecha cruce cuadro cubo cuello cuento cuna curva danza dedo
delfin diente disco doble domingo ducha dulce duna edad eje elefante enero escoba espejo estufa faro
feria fiesta figura flauta flor foca fogata foto fresa frijol fuego fuente gallo ganso gato gema girasol
goma gorra gota grano grupo guante guitarra hada harina helado hielo hilo hoja hongo huerta hueso humo
idea iman isla jabon jardin jirafa joya juego jugo julio kilo labio lago lana lapiz lazo leche lente leon
libro lima lino lluvia lobo loma loro luna lunes madera maleta mango mano mapa martes mesa metal miel
mono motor mundo nido nieve nube nuez ojo olivo olla oreja oruga oso oveja papel pared pasto pausa pecho
peine pelota perla pesca piano pino pintura piso pizarra playa pluma poema pollo pozo prado puente pulpo
punto queso quinta radio raiz rama raton red regla reloj rio ritmo roca rojo ropa rosa rueda sala sandia
sapo senda siesta silla sirena sol sombra sopa suelo taller tambor taza tela tierra tigre tijera toalla
tomate torre trompo tucan tunel uva valle vela ventana viento vino violin volcan yuca zapato zorro
"""

_PT = """
abacate abelha abril agulha aipo alface alho altura amigo ancora anel anjo anzol aquario arame areia
arroz asa aula aveia aviao azul bacia baile banana barco barro bebida beijo berco bloco boca bola bombom
bonde borracha bosque bota brasa brilho brinco bruma bule buzina cacau cadeira caixa cama caneta capim
casa cavalo cebola ceia cenoura cereja chapeu chave cheiro cidade cinema cinto clara clima cofre colher
cometa copo coral corda cravo creme cubo curva dado danca delfim dente dezena disco doce domingo ducha
duna eclipse elefante ema enxada escola esfera espelho faca farol fatia feira festa fila fita flauta foca
fogo folha foto fruta fumaca gaita galho ganso gato gaveta geada gema girafa giz gola goma gota grilo
grupo guarda haste hino hora hotel ideia igreja ima inverno isca jaca janela jardim jarra jasmim joelho
jogo joia julho kiwi lago lampada lapis laranja leao legume leite letra lima linha livro lixa lobo lousa
lua lupa maca madeira magia manga mapa mato mel menta metal milho mola mosca motor muda muro museu musica
nebli neve ninho norte noz nuvem oculos oito oliva onibus orelha osso outono ovelha ovo palha panela
papel pasta pato peixe pente pera piano pincel pipa planta pneu poeira pombo ponte porta prato prego
quadro quintal radio raiz rede regua relogio renda ribeira rio roca roda rolha roupa rua sabao sapato
semente sino sofa sol sopa sorvete suco tambor tapete tarde telha tempo terra tijolo tinta toalha torre
trem trigo tunel urna uva vale vaso vela verao viagem vidro vinho volante voo xarope zebra
"""

_EN = """
acorn actor album alley amber anchor ankle april apron arrow atlas autumn avocado badge bamboo banana
barrel basket bean bell berry bird blanket boat bone bottle bowl branch brick bridge broom brush butter
cabin cable cake camel candle canoe castle cedar chair cherry chin circle clay clock cloud clover coconut
coffee collar cookie copper coral corn cousin cradle cream cup curtain daisy dance deer desk diamond dish
dolphin donkey door drawer dress drum dust eagle earth east egg elbow engine fabric falcon farm feather
field finger fire flag flame flute forest fork fountain fox friday frog fruit garlic gate giant ginger
globe glove goat grape grass guitar hammer harbor harp hat heart helmet herb hill hook horse hotel ice
idea ink iron ivory jacket jaguar jewel joke juice jungle kettle key kite knee knot ladder lamp lantern
leaf lemon lily lime lion lobster lock lunch magnet maple marble market melon metal milk mirror monkey
moon morning motor mountain mouse museum music nail nest noodle north nose nut ocean olive onion orchid
otter oven oyster paint palm panda parrot peach pear pencil pepper piano picnic pilot pine pizza plate
plum pocket poem potato pumpkin puzzle quilt rabbit radio rain rice ring river rock roof root rope ruler
saddle sail salt sand school sea shadow sheep ship silk silver sky snow soap sock soup spring square star
story street sugar summer swan table tail tiger toast tomato tower tree truck tulip turtle uncle valley
vase violin walnut water whale wheat wheel willow winter wolf wood yard yellow zebra
"""

WORDS = {"es": tuple(_ES.split()), "pt": tuple(_PT.split()), "en": tuple(_EN.split())}
"""By language; the index is the byte."""
