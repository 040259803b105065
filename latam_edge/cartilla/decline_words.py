"""Words for questions that the cartilla does not answer. Nouns carry their article: it is contracted later.

Nothing here may be taught elsewhere in the cartilla as the subject of the same
question: the countries lie outside Latin America and the Caribbean, the things
are not body, food, water, animals, planets or weather.
"""

from __future__ import annotations

from latam_edge.cartilla.model import Lang


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.replace("\n", " ").split(",") if part.strip())


WORDS: dict[Lang, dict[str, tuple[str, ...]]] = {
    "es": {
        "country": _list("""
            Francia, Japón, China, la India, Rusia, Alemania, Italia, España, Portugal, Inglaterra, Irlanda, Escocia,
            Grecia, Turquía, Egipto, Marruecos, Argelia, Túnez, Libia, Nigeria, Ghana, Senegal, Kenia, Etiopía,
            Tanzania, Uganda, Angola, Mozambique, Sudáfrica, Namibia, Botsuana, Madagascar, Camerún, el Congo,
            Noruega, Suecia, Finlandia, Dinamarca, Islandia, Polonia, Hungría, Austria, Suiza, Bélgica, Holanda,
            Rumania, Bulgaria, Serbia, Croacia, Ucrania, Georgia, Armenia, Irán, Irak, Israel, Jordania, el Líbano,
            Siria, Arabia Saudita, Catar, Pakistán, Bangladés, Nepal, Tailandia, Vietnam, Camboya, Malasia,
            Indonesia, Filipinas, Corea del Sur, Corea del Norte, Mongolia, Australia, Nueva Zelanda, Canadá,
            Estados Unidos, Fiyi, Sri Lanka, Kazajistán, Afganistán, Malta, Estonia, Letonia, Lituania, Eslovenia
        """),
        "animal": _list("""
            el perro, el gato, la vaca, el caballo, el elefante, el león, el jaguar, el mono, la ballena, el delfín,
            la gallina, el loro, el cóndor, el pingüino, la serpiente, la tortuga, el cocodrilo, la rana, el tiburón,
            la hormiga, la abeja, la mariposa, la araña, el tigre, la jirafa, el hipopótamo, el canguro, el oso polar
        """),
        "planet": _list("Mercurio, Venus, Marte, Júpiter, Saturno, Urano, Neptuno, Plutón"),
        "instrument": _list("""
            la guitarra, el violín, la trompeta, el acordeón, el bombo, el arpa, el saxofón, la batería, el bajo, la flauta
        """),
        "dish": _list("""
            la arepa, la feijoada, el ceviche, los tacos, la pizza, el sushi, la paella, el arroz con pollo, la lasaña,
            el gallo pinto, el mole, las empanadas, la hamburguesa, el flan, la torta de cumpleaños, el pan de banano
        """),
        "hero": _list("""
            Simón Bolívar, José de San Martín, Miguel Hidalgo, Tiradentes, Pablo Neruda, Gabriela Mistral, Octavio Paz,
            Gabriel García Márquez, Bernardo O'Higgins, Frida Kahlo, Antonio José de Sucre, Zumbi dos Palmares
        """),
        "imaginary": _list("""
            Narnia, Wakanda, Mordor, la Atlántida, Hogwarts, Gondor, Macondo, la Tierra Media, Liliput, Oz,
            Genovia, Zamunda, Nunca Jamás, Marte del Norte, Asgard, Camelot, Utopía, Krypton, Tatooine
        """),
        "latam": _list("""
            Argentina, Bolivia, Brasil, Chile, Colombia, Costa Rica, Cuba, Ecuador, El Salvador, Guatemala, Haití,
            Honduras, Jamaica, México, Nicaragua, Panamá, Paraguay, Perú, Uruguay, Venezuela, Belice, Guyana,
            Surinam, Barbados, Trinidad y Tobago
        """),
        "city": _list("""
            París, Londres, Roma, Madrid, Barcelona, Berlín, Tokio, Pekín, Moscú, Nueva York, Chicago, Miami,
            Los Ángeles, Toronto, Sídney, Dubái, El Cairo, Nairobi, Lagos, Estambul, Atenas, Viena, Praga, Varsovia,
            Ámsterdam, Bruselas, Lisboa, Oporto, Sevilla, Valencia, Milán, Venecia, Shanghái, Seúl, Bangkok,
            Guayaquil, Medellín, Cali, Rosario, Córdoba, Arequipa, Cusco, Valparaíso, Monterrey, Guadalajara,
            Maracaibo, Cochabamba, San Pedro Sula, Barranquilla, Puebla
        """),
        "thing": _list("""
            la bicicleta, el televisor, la computadora, el celular, la impresora, el reloj, la lámpara, el ventilador,
            la estufa, el refrigerador, la lavadora, la plancha, la licuadora, el martillo, el destornillador,
            el taladro, la sierra, el tractor, la motocicleta, el avión, el helicóptero, el submarino, el cohete,
            el tren, el ascensor, el semáforo, el puente, el túnel, la cámara, el micrófono, el telescopio,
            el microscopio, la batería, el motor, la turbina, el generador,
            el panel solar, la antena, el satélite artificial, el robot, el dron, el teclado, la pantalla,
            el paraguas, la mochila, el zapato, la camisa, el sombrero, el cinturón, el anillo, el collar,
            la guitarra eléctrica, el violín, el piano, la batería de cocina, el sofá, la alfombra, la cortina,
            el espejo, la escalera, el candado, la llave, el cemento, el bolígrafo, la tinta, la tijera, el pegamento, la cinta adhesiva, el globo, el ajedrez,
            la raqueta, el patín, el trineo, el paracaídas, el ancla, el barco de vela, el cable, el enchufe,
            el bombillo, el jabón líquido, el perfume, el champú, el peine, la maleta, el pasaporte, la moneda
            antigua, el billete, la tarjeta de crédito, el cajero automático, la caja fuerte, la carretilla,
            el tornillo, la bisagra, el pincel, la tela, el hilo, la aguja, la máquina de coser, la videoconsola
        """),
        "place": _list("""
            el banco, la farmacia, el hospital, la biblioteca, el museo, el cine, el teatro, el estadio,
            el aeropuerto, la terminal, la estación, el mercado, la panadería, la ferretería, el supermercado,
            la oficina de correos, la alcaldía, la comisaría, la iglesia, el parque, la piscina, el gimnasio,
            la universidad, el colegio, el juzgado, la notaría, la embajada, el consulado, la peluquería,
            la zapatería, la librería, el restaurante, la cafetería, el hotel, el zoológico, el puerto,
            la gasolinera, el taller, la clínica dental, el registro civil
        """),
        "relative": _list("""
            mamá, papá, hermano, hermana, abuelo, abuela, tío, tía, primo, prima, vecino, vecina, amigo, amiga,
            jefe, novia, novio, hijo, hija, sobrino, profesora de inglés, entrenador, perro, gato, esposo, esposa
        """),
        "person": _list("""
            Albert Einstein, Isaac Newton, Julio César, Cleopatra, Taylor Swift, Cristiano Ronaldo,
            Michael Jackson, Elon Musk, Bill Gates, Leonardo da Vinci, Mozart, Beethoven, Shakespeare, Sócrates,
            Platón, Aristóteles, Gandhi, Nelson Mandela, Marie Curie, Charles Darwin, Galileo, Picasso, Van Gogh,
            Harry Potter, Batman, Spiderman, Barack Obama, la reina Isabel, el papa, Tom Cruise, Rihanna, Beyoncé,
            Lewis Hamilton, Rafael Nadal, Serena Williams, Usain Bolt, Marco Polo, Gengis Kan, Alejandro Magno,
            Steve Jobs, Mark Zuckerberg, Bad Bunny, Billie Eilish, Goku, Mickey Mouse, Sherlock Holmes, Stalin,
            Winston Churchill, Martin Luther King, Freud, Confucio, Buda, Homero, Cervantes, Kafka, Tolstói
        """),
        "firstname": _list("""
            Juan, Pedro, María, Lucía, José, Carmen, Andrés, Paula, Felipe, Rosa, Esteban, Marta, Iván, Gloria,
            Ricardo, Patricia, Alberto, Silvia, Jorge, Mónica, Fernando, Adriana, Héctor, Verónica, Gustavo
        """),
        "topic": _list("""
            la política, la inteligencia artificial, el aborto, la pena de muerte, las redes sociales, la guerra,
            la religión, la economía, la inflación, los impuestos, la bolsa de valores, las criptomonedas, el amor,
            la felicidad, la muerte, la amistad, el destino, la moda, el fútbol europeo, la Fórmula Uno, el tenis,
            el ajedrez, los videojuegos, las películas de terror, el anime, la filosofía, la psicología,
            la astrología, los extraterrestres, los fantasmas, los dinosaurios, los vampiros, la magia,
            la energía nuclear, la bomba atómica, la ingeniería, la arquitectura, el derecho penal, la democracia,
            el comunismo, el capitalismo, la globalización, el cambio de divisas, la publicidad, el marketing,
            la física cuántica, la relatividad, los agujeros negros, la genética, la clonación, la robótica,
            el big data, la programación, las bases de datos, la ciberseguridad, el teatro griego, la ópera,
            el cine mudo, el impresionismo, la Edad Media, el Imperio romano, la Revolución francesa,
            la Segunda Guerra Mundial, la Guerra Fría, el antiguo Egipto, los vikingos, los samuráis
        """),
        "concept": _list("""
            un algoritmo, un transistor, un logaritmo, una derivada, una integral, un polinomio, una matriz,
            un vector, un número primo, un número complejo, una ecuación cuadrática, el teorema de Pitágoras,
            la trigonometría, un electrón, un protón, un neutrino, un quark, la entropía, la termodinámica,
            el magnetismo, la ley de Ohm, la tabla periódica, el sodio, el uranio, el mercurio
            químico, un ácido, una base química, el pH, una molécula, un isótopo, la fotocopiadora láser, el ADN,
            un ribosoma, una enzima, la mitosis, una hipoteca, un arancel, el PIB, una acción
            bursátil, un pagaré, un contrato, una metáfora, un soneto, una hipérbole, el existencialismo,
            el estoicismo, la burocracia, un algoritmo genético, una red neuronal, un servidor, un navegador,
            una cookie, un virus informático, un token, una API, un compilador, un hashtag,
            un podcast, un influencer, un meme, la gravedad cuántica, un agujero de gusano, un fractal
        """),
        "foreign_language": _list("""
            inglés, francés, alemán, italiano, chino, japonés, ruso, árabe, coreano, hindi, griego, latín, turco,
            holandés, sueco, polaco, hebreo, vasco, catalán, gallego, suajili, vietnamita, noruego, húngaro, rumano
        """),
        "indigenous": _list(
            "quechua, guaraní, aymara, náhuatl, mapudungun, maya, wayuu, zapoteco, otomí, miskito"
        ),
        "rare_word": _list("""
            tornillo, computadora, semáforo, ventilador, paraguas, sospechoso, democracia, cerradura, bisagra, enchufe,
            trámite, factura, sindicato, jurisprudencia, aceituna, alcachofa, berenjena, cangrejo, langosta,
            estornudo, cosquilla, bostezo, pesadilla, relámpago, remolino, escalofrío, alfombra, cortina, tijera,
            almohada, colchón, martillo, serrucho, pincel, orgullo, vergüenza, envidia, nostalgia, esperanza,
            sabiduría, terciopelo, encaje, dedal, ajedrez, brújula, telescopio, submarino, cohete, sirena, duende,
            castillo, espada, escudo, corona, princesa, dragón, tesoro, pirata, bruja, gigante, archipiélago,
            algoritmo, teclado, pantalla, enlace, contraseña, licuadora, destornillador, helicóptero, pasaporte
        """),
        "verb": _list("""
            bailar tango, programar, manejar un camión, cocinar sushi, reparar una moto, tocar el violín, patinar,
            esquiar, bucear, tejer un suéter, pintar al óleo, invertir dinero, abrir una empresa, vender por internet,
            editar un video, grabar un disco, construir una casa, instalar una antena,
            soldar metales, cortar el cabello, maquillarme, jugar póker, boxear, volar un dron, arreglar el wifi,
            formatear una computadora, descargar música, crear una contraseña, pedir un préstamo, declarar impuestos,
            sacar el pasaporte, escribir una novela, publicar un libro, enamorar a alguien, dormir rápido,
            bajar de peso, ganar músculo, hipnotizar a alguien, hacer trucos de magia, criar abejas, pescar con red,
            hacer jabón, fabricar velas, pulir vidrio, cambiar una llanta, estacionar, aprobar el examen de manejo
        """),
        "drug": _list("""
            paracetamol, ibuprofeno, amoxicilina, aspirina, azitromicina, metformina, insulina, losartán, enalapril,
            omeprazol, ranitidina, diazepam, clonazepam, tramadol, morfina, prednisona, dexametasona, salbutamol,
            loratadina, cetirizina, metronidazol, albendazol, ivermectina, mebendazol, ciprofloxacino, penicilina,
            ceftriaxona, naproxeno, diclofenaco, dipirona, metamizol, fluoxetina, sertralina, warfarina,
            furosemida, atorvastatina, levotiroxina, ketorolaco, nifedipino, hierro, ácido fólico, cloroquina
        """),
        "disease": _list("""
            diabetes, hipertensión, asma, cáncer, hepatitis, artritis, gastritis,
            anemia, migraña, epilepsia, apendicitis, bronquitis, sinusitis, otitis, lupus, gota, psoriasis,
            sarampión, varicela, paperas, meningitis, VIH, sífilis, alzhéimer, párkinson, depresión, ansiedad,
            insomnio, colitis, úlcera, hernia, cálculos renales, hipotiroidismo, chagas, leptospirosis, zika
        """),
        "patient": _list("""
            mi hijo de dos años, un bebé de seis meses, una niña de cinco años, mi abuela, una embarazada,
            un paciente de 70 kilos, un niño de 12 kilos, mi esposo, un recién nacido, una mujer de 40 años,
            un adulto mayor, mi hermana, un diabético, un niño de 8 años, un adolescente, mi mamá
        """),
        "bodypart": _list("""
            la rodilla, el hombro, la espalda, el tobillo, la muñeca, el cuello, la cadera, el codo, el pecho,
            el hígado, el riñón, la muela, el oído, el ojo derecho, la pierna, el pie izquierdo, la barriga
        """),
        "team": _list("""
            el Real Madrid, el Barcelona, el Boca Juniors, el River Plate, el Flamengo, el Palmeiras, el América,
            las Chivas, el Colo-Colo, el Alianza Lima, el Nacional, el Peñarol, el Manchester United, el Bayern,
            la Juventus, el PSG, los Lakers, los Yankees, el Millonarios, el Olimpia, el Saprissa, el Bolívar
        """),
        "event": _list("""
            el mundial de fútbol, la Copa América, la Champions, las olimpiadas, el Tour de Francia, el Óscar,
            el Grammy, el Balón de Oro, la Copa Libertadores, el Super Bowl, Wimbledon, las elecciones,
            el Premio Nobel de la Paz, Miss Universo, el Mundial de Clubes, la Eurocopa, la lotería, Eurovisión
        """),
        "work": _list("""
            un poema, un cuento, una canción, un ensayo, una carta de amor, un discurso, un chiste, una adivinanza,
            un guion, un resumen, un correo, un informe, un currículum, una rima, una novela corta, un himno,
            una leyenda inventada, un trabalenguas, una obra de teatro, una noticia, un horóscopo, un anuncio
        """),
        "language_code": _list(
            "Python, Java, C, JavaScript, PHP, SQL, HTML, Rust, Scratch, Excel, C++, R, Visual Basic"
        ),
        "code_task": _list("""
            un programa que ordene una lista, una calculadora, un juego, una función que sume números,
            un bucle, una macro, una base de datos, una consulta, un formulario, un chat, un bot, una clase
        """),
        "app": _list("""
            WhatsApp, Facebook, Instagram, TikTok, YouTube, Netflix, Google, Gmail, Zoom, Word, PowerPoint, Photoshop,
            Windows, Linux, Android, Telegram, Spotify, Uber, Twitter, Wikipedia, Minecraft, Fortnite, Roblox
        """),
        "chemical": _list("""
            el sodio, el oro, la plata, el hierro, el cobre, el carbono, el hidrógeno, el helio, el uranio,
            el plomo, el azufre, el ácido sulfúrico, el amoniaco, el metano, el etanol, el bicarbonato
        """),
        "adjective": _list(
            "mejor, peor, más caro, más barato, más famoso, más bonito, más rápido, más grande del mundo"
        ),
        "when": _list(
            "hoy, mañana, ayer, esta semana, el lunes pasado, el próximo sábado, este mes, esta noche, ahora"
        ),
        "rude": _list("""
            tonto, idiota, imbécil, estúpido, inútil, bruto, burro, basura, payaso, menso, tarado, feo, baboso, torpe
        """),
    },
    "pt": {
        "country": _list("""
            a França, o Japão, a China, a Índia, a Rússia, a Alemanha, a Itália, a Espanha, Portugal, a Inglaterra,
            a Irlanda, a Escócia, a Grécia, a Turquia, o Egito, o Marrocos, a Argélia, a Tunísia, a Líbia, a Nigéria,
            Gana, o Senegal, o Quênia, a Etiópia, a Tanzânia, Uganda, Angola, Moçambique, a África do Sul, a Namíbia,
            Botsuana, Madagascar, Camarões, o Congo, a Noruega, a Suécia, a Finlândia, a Dinamarca, a Islândia,
            a Polônia, a Hungria, a Áustria, a Suíça, a Bélgica, a Holanda, a Romênia, a Bulgária, a Sérvia,
            a Croácia, a Ucrânia, a Geórgia, a Armênia, o Irã, o Iraque, Israel, a Jordânia, o Líbano, a Síria,
            a Arábia Saudita, o Catar, o Paquistão, Bangladesh, o Nepal, a Tailândia, o Vietnã, o Camboja,
            a Malásia, a Indonésia, as Filipinas, a Coreia do Sul, a Coreia do Norte, a Mongólia, a Austrália,
            a Nova Zelândia, o Canadá, os Estados Unidos, Fiji, o Sri Lanka, o Cazaquistão, o Afeganistão, Malta,
            a Estônia, a Letônia, a Lituânia, a Eslovênia, Cabo Verde, a Guiné-Bissau
        """),
        "animal": _list("""
            o cachorro, o gato, a vaca, o cavalo, o elefante, o leão, a onça, o macaco, a baleia, o golfinho,
            a galinha, o papagaio, o condor, o pinguim, a cobra, a tartaruga, o jacaré, o sapo, o tubarão, a formiga,
            a abelha, a borboleta, a aranha, o tigre, a girafa, o hipopótamo, o canguru, o urso polar
        """),
        "planet": _list("Mercúrio, Vênus, Marte, Júpiter, Saturno, Urano, Netuno, Plutão"),
        "instrument": _list("""
            o violão, o violino, o trompete, a sanfona, o bumbo, a harpa, o saxofone, a bateria, o baixo, a flauta
        """),
        "dish": _list("""
            a arepa, a feijoada, o ceviche, os tacos, a pizza, o sushi, a paella, o arroz com frango, a lasanha,
            o gallo pinto, o vatapá, o pastel, o hambúrguer, o pudim, o bolo de aniversário, o pão de queijo
        """),
        "hero": _list("""
            Simón Bolívar, José de San Martín, Miguel Hidalgo, Tiradentes, Pablo Neruda, Gabriela Mistral, Octavio Paz,
            Gabriel García Márquez, Bernardo O'Higgins, Frida Kahlo, Machado de Assis, Zumbi dos Palmares
        """),
        "imaginary": _list("""
            Nárnia, Wakanda, Mordor, a Atlântida, Hogwarts, Gondor, a Terra Média, Lilipute, Oz, Genóvia, Zamunda,
            a Terra do Nunca, Asgard, Camelot, Utopia, Krypton, Tatooine, o Sítio Encantado, a Lua Verde
        """),
        "latam": _list("""
            a Argentina, a Bolívia, o Brasil, o Chile, a Colômbia, a Costa Rica, Cuba, o Equador, El Salvador,
            a Guatemala, o Haiti, Honduras, a Jamaica, o México, a Nicarágua, o Panamá, o Paraguai, o Peru,
            o Uruguai, a Venezuela, Belize, a Guiana, o Suriname, Barbados, Trinidad e Tobago
        """),
        "city": _list("""
            Paris, Londres, Roma, Madri, Barcelona, Berlim, Tóquio, Pequim, Moscou, Nova York, Chicago, Miami,
            Los Angeles, Toronto, Sydney, Dubai, Nairóbi, Lagos, Istambul, Atenas, Viena, Praga, Varsóvia, Amsterdã,
            Bruxelas, Lisboa, Coimbra, Sevilha, Valência, Milão, Veneza, Xangai, Seul, Bangkok, São Paulo, Salvador,
            Recife, Fortaleza, Manaus, Belém, Curitiba, Porto Alegre, Florianópolis, Goiânia, Campinas, Santos,
            Natal, Maceió, São Luís, Teresina
        """),
        "thing": _list("""
            a bicicleta, a televisão, o computador, o celular, a impressora, o relógio, a lâmpada, o ventilador,
            o fogão, a geladeira, a máquina de lavar, o ferro de passar, o liquidificador, o martelo, a chave de fenda,
            a furadeira, o serrote, o trator, a motocicleta, o avião, o helicóptero, o submarino, o foguete, o trem,
            o elevador, o semáforo, a ponte, o túnel, a câmera, o microfone, o telescópio, o microscópio, a bateria, o motor, a turbina, o gerador, o painel solar, a antena,
            o satélite artificial, o robô, o drone, o teclado, a tela, o guarda-chuva, a mochila, o sapato,
            a camisa, o chapéu, o cinto, o anel, o colar, a guitarra, o violino, o piano, o sofá, o tapete,
            a cortina, o espelho, a escada, o cadeado, a chave, o cimento,
            a caneta, a tinta, a tesoura, a cola, a fita adesiva, o balão, o xadrez, a raquete, o patim, o trenó,
            o paraquedas, a âncora, o veleiro, o cabo, a tomada, o perfume, o xampu, o pente, a mala,
            o passaporte, a moeda antiga, a nota de dinheiro, o cartão de crédito, o caixa eletrônico, o cofre,
            o carrinho de mão, o parafuso, a dobradiça, o pincel, o tecido, a linha, a agulha, a máquina de costura,
            o videogame
        """),
        "place": _list("""
            o banco, a farmácia, o hospital, a biblioteca, o museu, o cinema, o teatro, o estádio, o aeroporto,
            a rodoviária, a estação, o mercado, a padaria, a loja de ferragens, o supermercado, o correio,
            a prefeitura, a delegacia, a igreja, o parque, a piscina, a academia, a universidade, o colégio,
            o fórum, o cartório, a embaixada, o consulado, o salão de beleza, a sapataria, a livraria,
            o restaurante, a lanchonete, o hotel, o zoológico, o porto, o posto de gasolina, a oficina
        """),
        "relative": _list("""
            mãe, tia, irmã, avó, prima, vizinha, amiga, chefe, namorada, filha, sobrinha, professora de inglês,
            treinadora, gata, esposa, cunhada, madrinha, colega
        """),
        "person": _list("""
            Albert Einstein, Isaac Newton, Júlio César, Cleópatra, Taylor Swift, Cristiano Ronaldo,
            Michael Jackson, Elon Musk, Bill Gates, Leonardo da Vinci, Mozart, Beethoven, Shakespeare, Sócrates,
            Platão, Aristóteles, Gandhi, Nelson Mandela, Marie Curie, Charles Darwin, Galileu, Picasso, Van Gogh,
            Harry Potter, Batman, Homem-Aranha, Barack Obama, Tom Cruise, Rihanna, Beyoncé,
            Lewis Hamilton, Rafael Nadal, Serena Williams, Usain Bolt, Marco Polo, Gengis Khan, Alexandre Magno,
            Steve Jobs, Mark Zuckerberg, Bad Bunny, Billie Eilish, Goku, Mickey Mouse, Sherlock Holmes, Stálin,
            Winston Churchill, Martin Luther King, Freud, Confúcio, Buda, Homero, Cervantes, Kafka, Tolstói
        """),
        "firstname": _list("""
            João, Pedro, Maria, Lúcia, José, Carmem, André, Paula, Felipe, Rosa, Estêvão, Marta, Ivan, Glória,
            Ricardo, Patrícia, Alberto, Sílvia, Jorge, Mônica, Fernando, Adriana, Heitor, Verônica, Gustavo
        """),
        "topic": _list("""
            a política, a inteligência artificial, o aborto, a pena de morte, as redes sociais, a guerra, a religião,
            a economia, a inflação, os impostos, a bolsa de valores, as criptomoedas, o amor, a felicidade, a morte,
            a amizade, o destino, a moda, o futebol europeu, a Fórmula Um, o tênis, o xadrez, os videogames,
            os filmes de terror, o anime, a filosofia, a psicologia, a astrologia, os extraterrestres, os fantasmas,
            os dinossauros, os vampiros, a magia, a energia nuclear, a bomba atômica, a engenharia, a arquitetura,
            o direito penal, a democracia, o comunismo, o capitalismo, a globalização, o câmbio, a publicidade,
            o marketing, a física quântica, a relatividade, os buracos negros, a genética, a clonagem, a robótica,
            o big data, a programação, os bancos de dados, a segurança digital, o teatro grego, a ópera,
            o cinema mudo, o impressionismo, a Idade Média, o Império Romano, a Revolução Francesa,
            a Segunda Guerra Mundial, a Guerra Fria, o antigo Egito, os vikings, os samurais
        """),
        "concept": _list("""
            um algoritmo, um transistor, um logaritmo, uma derivada, uma integral, um polinômio, uma matriz,
            um vetor, um número primo, um número complexo, uma equação do segundo grau, o teorema de Pitágoras,
            a trigonometria, um elétron, um próton, um neutrino, um quark, a entropia, a termodinâmica,
            o magnetismo, a lei de Ohm, a tabela periódica, o sódio, o urânio, um ácido,
            uma base química, o pH, uma molécula, um isótopo, o DNA, um ribossomo, uma enzima,
            a mitose, uma hipoteca, uma tarifa de importação, o PIB, uma ação da bolsa, uma nota promissória,
            um contrato, uma metáfora, um soneto, uma hipérbole, o existencialismo, o estoicismo, a burocracia,
            uma rede neural, um servidor, um navegador, um cookie, um vírus de computador, um token,
            uma API, um compilador, uma hashtag, um podcast, um influenciador, um meme, a gravidade quântica,
            um buraco de minhoca, um fractal
        """),
        "foreign_language": _list("""
            inglês, francês, alemão, italiano, chinês, japonês, russo, árabe, coreano, hindi, grego, latim, turco,
            holandês, sueco, polonês, hebraico, basco, catalão, galego, suaíli, vietnamita, norueguês, húngaro, romeno
        """),
        "indigenous": _list(
            "quéchua, guarani, aimará, náuatle, mapudungun, maia, yanomami, tupi antigo, ticuna, terena"
        ),
        "rare_word": _list("""
            parafuso, computador, semáforo, ventilador, guarda-chuva, suspeito, democracia, fechadura, dobradiça,
            tomada, fatura, sindicato, jurisprudência, azeitona, alcachofra, berinjela, caranguejo, lagosta, espirro,
            cócega, bocejo, pesadelo, relâmpago, redemoinho, arrepio, tapete, cortina, tesoura, travesseiro, colchão,
            martelo, serrote, pincel, orgulho, vergonha, inveja, saudade, esperança, sabedoria, veludo, renda, dedal,
            xadrez, bússola, telescópio, submarino, foguete, sereia, duende, castelo, espada, escudo, coroa, princesa,
            dragão, tesouro, pirata, bruxa, gigante, arquipélago, algoritmo, teclado, tela, senha, liquidificador,
            helicóptero, passaporte, ferramenta
        """),
        "verb": _list("""
            dançar tango, programar, dirigir um caminhão, cozinhar sushi, consertar uma moto, tocar violino, patinar,
            esquiar, mergulhar, tricotar um suéter, pintar a óleo, investir dinheiro, abrir uma empresa,
            vender pela internet, editar um vídeo, gravar um disco, construir uma casa,
            instalar uma antena, soldar metais, cortar o cabelo, me maquiar, jogar pôquer, lutar boxe, pilotar um drone,
            arrumar o wifi, formatar um computador, baixar música, criar uma senha, pedir um empréstimo,
            declarar imposto, tirar o passaporte, escrever um romance, publicar um livro, conquistar alguém,
            dormir rápido, perder peso, ganhar músculo, hipnotizar alguém, fazer truques de mágica, criar abelhas,
            pescar com rede, fazer sabão, fabricar velas, polir vidro, trocar um pneu, estacionar, passar na autoescola
        """),
        "drug": _list("""
            paracetamol, ibuprofeno, amoxicilina, aspirina, azitromicina, metformina, insulina, losartana, enalapril,
            omeprazol, ranitidina, diazepam, clonazepam, tramadol, morfina, prednisona, dexametasona, salbutamol,
            loratadina, cetirizina, metronidazol, albendazol, ivermectina, mebendazol, ciprofloxacino, penicilina,
            ceftriaxona, naproxeno, diclofenaco, dipirona, fluoxetina, sertralina, varfarina, furosemida,
            atorvastatina, levotiroxina, cetorolaco, nifedipino, sulfato ferroso, ácido fólico, cloroquina
        """),
        "disease": _list("""
            diabetes, hipertensão, asma, câncer, hepatite, artrite, gastrite, anemia,
            enxaqueca, epilepsia, apendicite, bronquite, sinusite, otite, lúpus, gota, psoríase, sarampo,
            catapora, caxumba, meningite, HIV, sífilis, alzheimer, parkinson, depressão, ansiedade, insônia, colite,
            úlcera, hérnia, pedra nos rins, hipotireoidismo, chagas, leptospirose, zika
        """),
        "patient": _list("""
            meu filho de dois anos, um bebê de seis meses, uma menina de cinco anos, minha avó, uma gestante,
            um paciente de 70 quilos, uma criança de 12 quilos, meu marido, um recém-nascido, uma mulher de 40 anos,
            um idoso, minha irmã, um diabético, uma criança de 8 anos, um adolescente, minha mãe
        """),
        "bodypart": _list("""
            o joelho, o ombro, as costas, o tornozelo, o pulso, o pescoço, o quadril, o cotovelo, o peito, o fígado,
            o rim, o dente, o ouvido, o olho direito, a perna, o pé esquerdo, a barriga
        """),
        "team": _list("""
            o Real Madrid, o Barcelona, o Boca Juniors, o River Plate, o Flamengo, o Palmeiras, o Corinthians,
            o Santos, o Grêmio, o Internacional, o Cruzeiro, o Atlético Mineiro, o Vasco, o Bahia, o Fluminense,
            o Botafogo, o Manchester United, o Bayern, a Juventus, o PSG, os Lakers, o Fortaleza
        """),
        "event": _list("""
            a Copa do Mundo, a Copa América, a Champions, as olimpíadas, o Tour de France, o Oscar, o Grammy,
            a Bola de Ouro, a Libertadores, o Super Bowl, Wimbledon, as eleições, o Prêmio Nobel da Paz,
            o Miss Universo, o Mundial de Clubes, a Eurocopa, a loteria, o Brasileirão, a Copa do Brasil
        """),
        "work": _list("""
            um poema, um conto, uma canção, uma redação, uma carta de amor, um discurso, uma piada, uma charada,
            um roteiro, um resumo, um e-mail, um relatório, um currículo, uma rima, uma novela curta, um hino,
            uma lenda inventada, um trava-língua, uma peça de teatro, uma notícia, um horóscopo, um anúncio
        """),
        "language_code": _list(
            "Python, Java, C, JavaScript, PHP, SQL, HTML, Rust, Scratch, Excel, C++, R, Visual Basic"
        ),
        "code_task": _list("""
            um programa que ordene uma lista, uma calculadora, um jogo, uma função que some números, um laço,
            uma macro, um banco de dados, uma consulta, um formulário, um chat, um robô de conversa, uma classe
        """),
        "app": _list("""
            WhatsApp, Facebook, Instagram, TikTok, YouTube, Netflix, Google, Gmail, Zoom, Word, PowerPoint, Photoshop,
            Windows, Linux, Android, Telegram, Spotify, Uber, Twitter, Wikipédia, Minecraft, Fortnite, Roblox
        """),
        "chemical": _list("""
            o sódio, o ouro, a prata, o ferro, o cobre, o carbono, o hidrogênio, o hélio, o urânio, o chumbo,
            o enxofre, o ácido sulfúrico, a amônia, o metano, o etanol, o bicarbonato
        """),
        "adjective": _list(
            "melhor, pior, mais caro, mais barato, mais famoso, mais bonito, mais rápido, maior do mundo"
        ),
        "when": _list(
            "hoje, amanhã, ontem, esta semana, segunda passada, no próximo sábado, este mês, hoje à noite, agora"
        ),
        "rude": _list(
            "bobo, idiota, imbecil, estúpido, inútil, bruto, burro, lixo, palhaço, otário, tapado, feio, besta"
        ),
    },
}
