"""Everyday questions that the cartilla does not answer, by kind, and the words that fill them.

Kinds: the model's own tastes, the asker's life and things, orders to a machine,
school business, prices, farming, paperwork, travel, advice about people, beliefs,
books and pictures of the world, why things work, and health beyond the cartilla.
`decline` adds them to its own. Words of the exam of outside questions are left
out here, so that a kind is learnt and not a question.
"""

from __future__ import annotations

from latam_edge.cartilla.model import Lang


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.replace("\n", " ").split(",") if part.strip())


TEMPLATES: dict[Lang, dict[str, str]] = {
    "es": {
        "daily": """
            ¿Cuál es tu {favourite} preferida?
            ¿Qué {favourite} te gusta más?
            ¿Te gusta {hobby}?
            ¿Te gustan {likes}?
            ¿Tienes {owned}?
            ¿Tú tienes {owned}?
            ¿Crees en {belief}?
            ¿Tú crees en {belief}?
            ¿Sientes {feeling}?
            ¿Tienes {feeling}?
            ¿Estás {mood}?
            ¿Qué comes?
            ¿Qué desayunaste?
            ¿Duermes de noche?
            ¿A qué juegas?
            ¿Te quieres casar conmigo?
            ¿Quieres ser mi {relative}?
            ¿Qué vas a hacer {when}?
            ¿Dónde dejé {mything}?
            No encuentro {mything}
            ¿Has visto {mything}?
            ¿Quién agarró {mything}?
            Perdí {mything}
            Me quitaron {mything}, ¿qué hago?
            ¿De qué color es {mything}?
            ¿Cómo se llama mi pueblo?
            ¿Cómo se llama mi mejor amigo?
            ¿Cuál es mi apellido?
            ¿Cuánto mido?
            ¿Cuánto peso?
            ¿Dónde nací?
            ¿Qué hice {when}?
            ¿Qué voy a almorzar {when}?
            ¿En qué estoy pensando?
            ¿Qué tengo en la mano?
            Enciende {device}
            Prende {device}
            Apaga {device}
            Sube el volumen de {device}
            Cierra la ventana
            Abre la puerta
            ¿Funciona {device}?
            No prende {device}
            Se trabó {device}
            {device} hace ruido, ¿qué tiene?
            ¿Cuánta memoria tiene {device}?
            ¿Cómo configuro {device}?
            Toma una foto
            Manda un correo a {firstname}
            Recuérdame estudiar {when}
            ¿Cuándo empieza {school_event}?
            ¿Cuándo es {school_event}?
            ¿Dónde es {school_event}?
            ¿Quién organiza {school_event}?
            ¿Hay {school_thing} {when}?
            profe {when} hay {school_thing}?
            ¿Qué dejaron de tarea {when}?
            ¿Qué calificación tengo en {subject}?
            ¿Cómo se llama la maestra de {subject}?
            ¿En qué aula es {subject}?
            Prepara una prueba de {subject}
            Dame {small} ejercicios de {subject}
            Hazme un resumen de {subject}
            Haz mi tarea de {subject}
            Planea una clase de {subject}
            ¿Cuánto cuesta el uniforme de la escuela?
            Corrige {my_text}
            Revisa {my_text}
            Termina {my_text}
            Traduce {my_text}
            Lee {my_text}
            Ayúdame a escribir {letter}
            Redacta {letter}
            Escribe {letter} para {firstname}
            ¿A cómo está {product}?
            ¿A cómo venden {product}?
            ¿Cuánto vale {product} {when}?
            precio de {product}
            ¿Dónde compro {product}?
            ¿Subió de precio {product}?
            ¿Cuándo se siembra {crop}?
            ¿Cómo se siembra {crop}?
            ¿Qué abono le echo a {crop}?
            ¿Cómo combato la plaga de {crop}?
            ¿Cuándo se cosecha {crop}?
            ¿Cuánta agua necesita {crop}?
            ¿Dónde saco {document}?
            ¿Qué papeles piden para {document}?
            ¿Cuánto tarda {document}?
            ¿Cuánto cuesta {document}?
            Perdí {document}
            ¿A qué hora sale {transport}?
            ¿Cuándo llega {transport}?
            ¿Dónde para {transport}?
            ¿Cuánto cuesta {transport}?
            Me peleé con mi {relative}
            ¿Cómo hago las paces con mi {relative}?
            Mi {relative} está triste, ¿qué hago?
            Mi {relative} se enojó conmigo
            ¿Cómo conozco amigos nuevos?
            Me siento solo en la escuela
            Un compañero me molesta
            ¿{firstname} me quiere?
            ¿Existen {mythical}?
            ¿Son reales {mythical}?
            ¿Es verdad que {claim}?
            ¿Es cierto que {claim}?
            ¿Será que {claim}?
            ¿Quién canta {song}?
            ¿De quién es la canción {song}?
            Canta {song}
            letra de {song}
            resultado de {team}
            ¿Cómo quedó {team}?
            marcador de {event}
            ¿En qué canal pasan {event}?
            ¿Quién escribió {book}?
            ¿De qué trata {book}?
            resumen de {book}
            ¿Cómo termina {book}?
            ¿Quién pintó {painting}?
            ¿Dónde está {painting}?
            ¿Cuánto mide {monument}?
            ¿Cuándo se construyó {monument}?
            ¿Quién hizo {monument}?
            ¿Cuál es {superlative}?
            ¿Cuántas islas tiene {continent}?
            ¿Cuánta gente vive en {continent}?
            ¿Cuál es el río más largo de {continent}?
            ¿Cuál es el país más grande de {continent}?
            ¿Cuándo empezó {history}?
            ¿Cuándo terminó {history}?
            ¿En qué año fue {history}?
            ¿Por qué ocurrió {history}?
            Cuéntame sobre {history}
            ¿Por qué {why}?
            ¿Qué significa {foreign_word}?
            ¿Cómo se pronuncia {foreign_word}?
            Conjuga el verbo {foreign_verb}
            ¿Cuál es el pasado de {foreign_verb}?
            ¿Quién usa más {app}?
            ¿Cómo gano dinero en {app}?
            ¿Cómo paso de nivel en {game}?
            ¿Cómo se juega {game}?
            trucos para {game}
            ¿Cuándo sale {game} nuevo?
            ¿Quién ganaría, {hero_a} o {hero_b}?
            y + {small} = {two}, ¿cuánto es y?
            n - {small} = {two}, halla n
            Despeja n: {small}n = {two}
            {small}a + {small2} = {two}
            ¿De qué color es {latam_flag}?
            ¿Cuántas estrellas tiene {latam_flag}?
        """,
        "health": """
            Tengo {symptom}
            Tengo {symptom}, ¿qué hago?
            Tengo {symptom}, ¿qué tomo?
            Mi hijo tiene {symptom}
            Mi hija tiene {symptom}, ¿qué le doy?
            Mi bebé tiene {symptom}
            A mi {relative} le dio {symptom}
            ¿Qué tomo para {symptom}?
            ¿Qué es bueno para {symptom}?
            ¿Qué remedio casero hay para {symptom}?
            ¿Por qué tengo {symptom}?
            ¿Es grave tener {symptom}?
            Estoy embarazada y tengo {symptom}
            Llegó un paciente con {symptom}
            {symptom} tratamiento
            ¿Qué jarabe sirve para {symptom}?
            ¿Qué pomada sirve para {symptom}?
            Me picó {bug}
            Me picó {bug}, ¿qué hago?
            A mi hijo le picó {bug}
            Me fracturé {bodypart}
            Me torcí {bodypart}
            Me golpeé {bodypart}
            Me cayó algo en {bodypart}
            ¿Qué significa {test}?
            ¿Cómo interpreto {test}?
            ¿Cómo se hace {test}?
            ¿Qué dice {test} de {patient}?
            ¿Necesito {test}?
            ¿A qué velocidad paso {drug} por la vena?
            ¿Cómo se diluye {drug}?
            ¿Cuánto debe pesar {patient}?
            ¿Cuánta azúcar en la sangre debe tener {patient}?
            ¿Cuántas pulsaciones debe tener {patient}?
            ¿Cuándo le toca la próxima vacuna a {patient}?
            calendario de vacunas de {patient}
            ¿Qué reacción da la vacuna contra {disease}?
            ¿Cómo evito quedar embarazada?
            ¿Cómo se usa el condón?
            Se me olvidó la pastilla anticonceptiva
            ¿Cuándo son mis días fértiles?
            ¿Por qué no me baja la regla?
            ¿Puedo tomar cerveza con {drug}?
            ¿Puedo hacer ejercicio con {disease}?
            ¿Qué puede comer una persona con {disease}?
            ¿{disease} se hereda?
            ¿Me voy a morir de {disease}?
            Mi {relative} tiene {disease}
            ¿Qué doctor trata {disease}?
            ¿Puedo dejar de tomar {drug}?
            Tomé mucha cantidad de {drug}
            ¿Puedo usar {drug} para {symptom}?
            ¿Sirve {drug} para {disease}?
            Me siento muy triste y no quiero vivir
            Mi {relative} se quiere morir
        """,
    },
    "pt": {
        "daily": """
            Qual é a sua {favourite} preferida?
            De que {favourite} você gosta mais?
            Você gosta de {hobby}?
            Você gosta mesmo de {hobby}?
            Você tem {owned}?
            Tu tens {owned}?
            Você crê em {belief}?
            Você confia em {belief}?
            Você sente {feeling}?
            Você tem {feeling}?
            Você está {mood}?
            O que você come?
            O que você tomou no café da manhã?
            Você dorme de noite?
            De que você brinca?
            Quer casar comigo?
            Quer ser minha {relative}?
            O que você vai fazer {when}?
            Onde deixei {mything}?
            Não acho {mything}
            Você viu {mything}?
            Quem pegou {mything}?
            Perdi {mything}
            Levaram {mything}, o que faço?
            De que cor é {mything}?
            Como se chama minha cidade natal?
            Como se chama meu melhor amigo?
            Qual é o meu sobrenome?
            Quanto eu meço?
            Quanto eu peso?
            Onde eu nasci?
            O que eu fiz {when}?
            O que vou almoçar {when}?
            Em que estou pensando?
            O que eu tenho na mão?
            Acenda {device}
            Ligue {device}
            Desligue {device}
            Aumente o volume de {device}
            Feche a janela
            Abra a porta
            {device} está funcionando?
            Não liga {device}
            Travou {device}
            {device} faz barulho, o que é?
            Quanta memória tem {device}?
            Como configuro {device}?
            Tire uma foto
            Mande um e-mail para {firstname}
            Me lembre de estudar {when}
            Quando começa {school_event}?
            Quando é {school_event}?
            Onde é {school_event}?
            Quem organiza {school_event}?
            Tem {school_thing} {when}?
            profe {when} tem {school_thing}?
            Que tarefa passaram {when}?
            Quanto tirei em {subject}?
            Como se chama a professora de {subject}?
            Em que sala é {subject}?
            Prepare um teste de {subject}
            Me dê {small} exercícios de {subject}
            Faça um resumo de {subject}
            Faça minha tarefa de {subject}
            Planeje uma atividade de {subject}
            Quanto custa o uniforme da escola?
            Corrija {my_text}
            Revise {my_text}
            Termine {my_text}
            Traduza {my_text}
            Leia {my_text}
            Me ajude a redigir {letter}
            Redija {letter}
            Escreva {letter} para {firstname}
            A quanto está {product}?
            Por quanto vendem {product}?
            Quanto vale {product} {when}?
            preço de {product}
            Onde compro {product}?
            Subiu o preço de {product}?
            Quando se planta {crop}?
            Como se planta {crop}?
            Que esterco uso em {crop}?
            Como combato a praga de {crop}?
            Quando se colhe {crop}?
            De quanta água precisa {crop}?
            Onde tiro {document}?
            Que papéis pedem para {document}?
            Quanto demora {document}?
            Quanto custa {document}?
            Perdi {document}
            A que horas sai {transport}?
            Quando chega {transport}?
            Onde para {transport}?
            Quanto custa {transport}?
            Briguei com minha {relative}
            Como faço as pazes com minha {relative}?
            Minha {relative} está triste, o que faço?
            Minha {relative} ficou com raiva de mim
            Como faço amigos novos?
            Eu me sinto sozinho na escola
            Um colega me incomoda
            {firstname} gosta de mim?
            Existem {mythical}?
            {mythical} são de verdade?
            É verdade que {claim}?
            É certo que {claim}?
            Será que {claim}?
            Quem canta {song}?
            De quem é a música {song}?
            Cante {song}
            letra de {song}
            resultado de {team}
            Como ficou {team}?
            placar de {event}
            Em que canal passa {event}?
            Quem escreveu {book}?
            De que trata {book}?
            resumo de {book}
            Como termina {book}?
            Quem pintou {painting}?
            Onde está {painting}?
            Quanto mede {monument}?
            Quando construíram {monument}?
            Quem fez {monument}?
            Qual é {superlative}?
            Quantas ilhas tem {continent}?
            Quanta gente mora em {continent}?
            Qual é o rio mais comprido de {continent}?
            Qual é o país com mais gente de {continent}?
            Quando começou {history}?
            Quando terminou {history}?
            Em que ano foi {history}?
            Por que aconteceu {history}?
            Me conte sobre {history}
            Por que {why}?
            O que significa {foreign_word}?
            Como se pronuncia {foreign_word}?
            Conjugue o verbo {foreign_verb}
            Qual é o passado de {foreign_verb}?
            Quem usa mais {app}?
            Como ganho dinheiro com {app}?
            Como passo de nível em {game}?
            Como se joga {game}?
            truques para {game}
            Quando sai o novo {game}?
            Quem ganharia, {hero_a} ou {hero_b}?
            y + {small} = {two}, quanto é y?
            n - {small} = {two}, ache n
            Isole n: {small}n = {two}
            {small}a + {small2} = {two}
            De que cor é {latam_flag}?
            Quantas estrelas tem {latam_flag}?
        """,
        "health": """
            Estou com {symptom}
            Estou com {symptom}, o que faço?
            Estou com {symptom}, o que tomo?
            Meu filho está com {symptom}
            Minha filha está com {symptom}, o que dou?
            Meu bebê está com {symptom}
            Minha {relative} teve {symptom}
            O que tomo para {symptom}?
            O que é bom para {symptom}?
            Que remédio caseiro existe para {symptom}?
            Por que tenho {symptom}?
            É grave ter {symptom}?
            Estou grávida e tenho {symptom}
            Chegou um paciente com {symptom}
            {symptom} tratamento
            Que xarope serve para {symptom}?
            Que pomada serve para {symptom}?
            Fui picado por {bug}
            Fui picado por {bug}, o que faço?
            Meu filho foi picado por {bug}
            Quebrei {bodypart}
            Torci {bodypart}
            Machuquei {bodypart}
            Bati {bodypart}
            O que significa {test}?
            Como interpreto {test}?
            Como se faz {test}?
            O que diz {test}?
            Preciso de {test}?
            Em que velocidade passo {drug} na veia?
            Como se dilui {drug}?
            Quanto deve pesar {patient}?
            Quanto açúcar no sangue deve ter {patient}?
            Quantas batidas por minuto deve ter {patient}?
            Quando é a próxima vacina para {patient}?
            calendário de vacinas para {patient}
            Que reação dá a vacina contra {disease}?
            Como evito engravidar?
            Como se usa a camisinha?
            Esqueci a pílula anticoncepcional
            Quando são meus dias férteis?
            Por que minha menstruação não vem?
            Posso tomar cerveja com {drug}?
            Posso fazer exercício com {disease}?
            O que pode comer uma pessoa com {disease}?
            {disease} é hereditária?
            Vou morrer de {disease}?
            Minha {relative} tem {disease}
            Que médico trata {disease}?
            Posso parar de tomar {drug}?
            Tomei {drug} demais
            Posso usar {drug} para {symptom}?
            {drug} serve para {disease}?
            Eu me sinto muito triste e não quero viver
            Minha {relative} quer morrer
        """,
    },
}

WORDS: dict[Lang, dict[str, tuple[str, ...]]] = {
    "es": {
        "favourite": _list("comida, canción, película, fruta, materia, fiesta, estación, serie, ropa, marca"),
        "hobby": _list(
            "bailar, cantar, leer, cocinar, nadar, viajar, dormir, dibujar, el fútbol, el chocolate"
        ),
        "likes": _list("los perros, los gatos, las flores, los dulces, las fiestas, los juegos, los carros"),
        "owned": _list("""
            hermanos, hijos, amigos, mascota, familia, dinero, celular, carro, cuerpo, ojos, manos, sentimientos,
            sueños, secretos, tarea, jefe, novios, abuelos
        """),
        "belief": _list(
            "los milagros, el destino, la suerte, los ángeles, el amor, la magia, la vida después de la muerte"
        ),
        "feeling": _list(
            "hambre, sueño, miedo, frío, calor, dolor, tristeza, alegría, celos, vergüenza, sed"
        ),
        "mood": _list("feliz, triste, cansado, enojado, aburrido, enamorado, ocupado, casado, vivo, enfermo"),
        "mything": _list("""
            mi cuaderno, mi mochila, mi almohada, mi billetera, mi sombrero, mi reloj, mi lápiz, mi gorra, mi libro,
            mi bicicleta, mi cartera, mi pasaporte, mi pelota, mi paraguas, mi chaqueta, mi peine
        """),
        "device": _list("""
            el televisor, el ventilador, la radio, la computadora, el aire acondicionado, la impresora, el proyector,
            la cámara, el motor, la bomba de agua, la lavadora, el parlante, la tableta, el celular
        """),
        "school_event": _list("""
            el recreo, el año escolar, la reunión de padres, la excursión, el torneo, la graduación, el desfile,
            la feria de ciencias, el ensayo, la inscripción, la entrega de libretas, el acto cívico, la kermés
        """),
        "school_thing": _list(
            "reunión, examen, excursión, ensayo, desfile, partido, taller, recreo, paro, tarea, almuerzo"
        ),
        "subject": _list("""
            geometría, física, inglés, literatura, filosofía, educación física, computación, música, biología,
            economía, contabilidad, estadística, dibujo técnico, religión, trigonometría
        """),
        "my_text": _list("""
            mi ensayo, mi tarea, este párrafo, esta oración, mi carta, este capítulo, mi informe, esta noticia,
            mi currículum, esta canción, mi exposición
        """),
        "letter": _list("""
            una solicitud, una queja, un aviso, una invitación, un acta, una carta de recomendación, un reclamo,
            una felicitación, un permiso, un contrato, un mensaje de cumpleaños, una convocatoria
        """),
        "product": _list("""
            el arroz, el azúcar, la leche, el tomate, la cebolla, el frijol, la harina, el aceite, el queso,
            el pollo, el pescado, la gasolina, el gas, el cemento, el pasaje, el quintal de trigo, la docena de huevos
        """),
        "crop": _list("""
            la yuca, el plátano, el frijol, el arroz, el tomate, el cacao, el trigo, la cebolla, la zanahoria,
            la caña, el aguacate, la naranja, la lechuga, la quinua, la soya, el algodón
        """),
        "document": _list("""
            la licencia de conducir, el acta de nacimiento, el certificado de estudios, el permiso de trabajo,
            la visa, el carné de biblioteca, la partida de matrimonio, el récord policial, el seguro social,
            la pensión, el registro de mi negocio
        """),
        "transport": _list("""
            el tren, el barco, la lancha, el avión, el metro, el camión de la basura, el taxi, el transporte escolar,
            el ferri, el último vuelo, la combi
        """),
        "mythical": _list("""
            las sirenas, los duendes, los vampiros, los ovnis, las brujas, los dragones, los unicornios, los zombis,
            las hadas, los gigantes, los hombres lobo, los demonios
        """),
        "claim": _list("""
            el chicle se queda en la barriga, hay vida en otros planetas, los gatos negros dan mala suerte,
            nos espían por el celular, viene una guerra, van a subir los precios, los robots nos van a quitar el trabajo,
            romper un espejo da mala suerte, la gente rica es feliz, el mar va a subir, cambiaron la ley,
            murió un cantante famoso, van a cerrar la escuela, se puede viajar en el tiempo
        """),
        "song": _list("""
            La bicicleta, Bésame mucho, Guantanamera, Bailando, La macarena, Cielito lindo, Gasolina, Hotel California,
            Imagine, Billie Jean, Yesterday, Thriller, La camisa negra, Livin' la vida loca
        """),
        "book": _list("""
            Don Quijote, la Ilíada, Hamlet, El principito, Drácula, Harry Potter, Frankenstein, la Divina Comedia,
            Moby Dick, Los miserables, El señor de los anillos, Crimen y castigo, Peter Pan, Alicia en el país
            de las maravillas, La metamorfosis, Mujercitas
        """),
        "painting": _list("""
            La noche estrellada, El grito, el Guernica, Las meninas, La última cena, La joven de la perla, El beso,
            Los girasoles, La persistencia de la memoria, El nacimiento de Venus
        """),
        "monument": _list("""
            el Big Ben, la Estatua de la Libertad, la pirámide de Keops, el Burj Khalifa, el Coliseo, el Taj Mahal,
            la torre de Pisa, el Partenón, la Sagrada Familia, el puente de Brooklyn, la Alhambra
        """),
        "superlative": _list("""
            el edificio más alto del mundo, el desierto más grande del mundo, la ciudad más poblada del mundo,
            la isla más grande de Europa, la montaña más alta de Asia, el país más pequeño de Europa,
            el idioma más hablado del mundo, la persona más rica del mundo, el puente más largo del mundo,
            el mar más profundo del mundo, el estadio más grande del mundo, el carro más rápido del mundo,
            la universidad más antigua del mundo, el libro más vendido del mundo
        """),
        "continent": _list(
            "Asia, Oceanía, la Antártida, Norteamérica, el Medio Oriente, Escandinavia, Eurasia"
        ),
        "history": _list("""
            la Primera Guerra Mundial, la Revolución rusa, la caída del Muro de Berlín, el Imperio otomano,
            la peste negra, el hundimiento del Titanic, la llegada a la Luna, la Guerra de Vietnam, la Reforma
            protestante, la guerra de Troya, la Revolución industrial, el Renacimiento, la batalla de Waterloo
        """),
        "why": _list("""
            flota un barco, brilla el oro, se oxida el hierro, el imán atrae el hierro, suena el eco, vuela un cohete,
            el jabón hace burbujas, se congela el celular, bostezamos, soñamos, hay guerras, sube el dólar,
            la gente miente, se acabó la gasolina, se cayó internet, no me quiere nadie, hay pobres y ricos
        """),
        "foreign_word": _list("""
            hello, thank you, please, sorry, bonjour, merci, ciao, school, friend, love, home, water bottle, birthday,
            good luck, weekend, danke, arigato, cheese
        """),
        "foreign_verb": _list(
            "to have, to do, to eat, to speak, to write, to run, aller, être, essen, to swim, to see"
        ),
        "game": _list(
            "Minecraft, Free Fire, Mario, Fortnite, Tetris, póker, ajedrez, FIFA, Roblox, Among Us, Pokémon"
        ),
        "hero_a": _list("Batman, Hulk, Naruto, Thor, Pikachu, el Chavo, Iron Man, Mario"),
        "hero_b": _list("Spiderman, Vegeta, Aquaman, Sonic, Robin, Flash, el Hombre Araña, Luigi"),
        "latam_flag": _list("""
            la bandera del Perú, la bandera de Chile, la bandera de Panamá, la bandera de Honduras,
            la bandera de Venezuela, la bandera de Cuba, la bandera de Brasil, la bandera de México
        """),
        "symptom": _list("""
            mareos, hormigueo, picazón, ronchas, calambres, palpitaciones, acidez, estreñimiento, gases, hipo, acné,
            caries, ardor al orinar, ronquera, llagas en la boca, hongos en los pies, una verruga, un lunar raro,
            piojos, sarna, lombrices, sudores, hinchazón en las piernas, dolor de espalda, dolor de cintura,
            dolor de rodilla, visión doble, orzuelo, caspa, insomnio, cansancio, alergia, un sarpullido,
            dolor de oído, el colesterol alto, la presión alta, el azúcar alta, hemorroides, várices, cólicos menstruales,
            sangre en la orina, sangre en la saliva, dolor en el pecho, dolor de garganta, dolor de muelas,
            náuseas, temblor en las manos, las manos frías, las manos hinchadas, el corazón acelerado,
            una bola en el cuello, el ojo rojo, granos en la cara, pérdida de pelo, zumbido en el oído, los pies hinchados
        """),
        "bug": _list(
            "una abeja, un alacrán, una araña, una medusa, una raya, una avispa, una hormiga, un ciempiés, una garrapata"
        ),
        "test": _list("""
            la radiografía, la tomografía, el hemograma, el examen de orina, la ecografía, la biopsia, la resonancia,
            el papanicolaou, la prueba de VIH, la glucosa, el examen de heces
        """),
    },
    "pt": {
        "favourite": _list(
            "comida, música, fruta, matéria, festa, estação, série, roupa, marca, brincadeira"
        ),
        "hobby": _list(
            "dançar, cantar, ler, cozinhar, nadar, viajar, dormir, desenhar, futebol, chocolate, flores"
        ),
        "owned": _list("""
            irmãos, filhos, amigos, bicho de estimação, família, dinheiro, celular, carro, corpo, olhos, mãos,
            sentimentos, sonhos, segredos, tarefa, chefe, avós
        """),
        "belief": _list("milagres, destino, sorte, anjos, amor, magia, vida depois da morte"),
        "feeling": _list("fome, sono, medo, frio, calor, dor, tristeza, alegria, ciúme, vergonha, sede"),
        "mood": _list(
            "feliz, triste, cansado, com raiva, entediado, apaixonado, ocupado, casado, vivo, doente"
        ),
        "mything": _list("""
            meu caderno, minha mochila, meu travesseiro, minha carteira, meu chapéu, meu relógio, meu lápis, meu boné,
            meu livro, minha bicicleta, minha bolsa, meu passaporte, minha bola, meu guarda-chuva, minha jaqueta
        """),
        "device": _list("""
            a televisão, o ventilador, o rádio, o computador, o ar-condicionado, a impressora, o projetor, a câmera,
            o motor, a bomba de água, a máquina de lavar, a caixa de som, o tablet, o celular
        """),
        "school_event": _list("""
            o recreio, o ano letivo, a reunião de pais, o passeio da escola, o torneio, a formatura, o desfile,
            a feira de ciências, o ensaio, a matrícula, a entrega das notas, a festa junina da escola
        """),
        "school_thing": _list(
            "reunião, prova, passeio, ensaio, desfile, jogo, oficina, recreio, greve, tarefa, merenda"
        ),
        "subject": _list("""
            geometria, física, inglês, literatura, filosofia, educação física, informática, música, biologia,
            economia, contabilidade, estatística, desenho técnico, religião, trigonometria
        """),
        "my_text": _list("""
            minha redação, minha tarefa, este parágrafo, esta frase, minha carta, este capítulo, meu relatório,
            esta notícia, meu currículo, esta música, meu trabalho
        """),
        "letter": _list("""
            uma solicitação, uma queixa, um aviso, um convite, uma ata, uma carta de recomendação, uma reclamação,
            uma felicitação, uma autorização, um contrato, uma mensagem de aniversário, uma convocação
        """),
        "product": _list("""
            o arroz, o açúcar, o leite, o tomate, a cebola, o feijão, a farinha, o óleo, o queijo, o frango, o peixe,
            a gasolina, o gás, o cimento, a passagem, a saca de trigo, a dúzia de ovos
        """),
        "crop": _list("""
            a mandioca, a banana, o feijão, o arroz, o tomate, o cacau, o trigo, a cebola, a cenoura, a cana,
            o abacate, a laranja, a alface, a soja, o algodão, o açaí
        """),
        "document": _list("""
            a carteira de motorista, a certidão de nascimento, o histórico escolar, a carteira de trabalho, o visto,
            a carteira da biblioteca, a certidão de casamento, o antecedente criminal, o título de eleitor,
            a aposentadoria, o registro do meu negócio
        """),
        "transport": _list("""
            o trem, o barco, a lancha, o avião, o metrô, o caminhão do lixo, o táxi, o transporte escolar, a balsa,
            o último voo, a van
        """),
        "mythical": _list("""
            sereias, duendes, vampiros, ovnis, bruxas, dragões, unicórnios, zumbis, fadas, gigantes, lobisomens,
            demônios
        """),
        "claim": _list("""
            o chiclete fica na barriga, há vida em outros planetas, gatos pretos dão azar, nos espiam pelo celular,
            vem uma guerra, os preços vão subir, os robôs vão tirar nosso trabalho, quebrar um espelho dá azar,
            gente rica é feliz, o mar vai subir, mudaram a lei, morreu um cantor famoso, vão fechar a escola,
            dá para viajar no tempo
        """),
        "song": _list("""
            Garota de Ipanema, Aquarela, Asa branca, Evidências, Bailando, La Bamba, Trem-bala, Hotel California,
            Imagine, Billie Jean, Yesterday, Thriller, Águas de março, Parabéns pra você
        """),
        "book": _list("""
            Dom Quixote, a Ilíada, Hamlet, O pequeno príncipe, Drácula, Harry Potter, Frankenstein, a Divina Comédia,
            Moby Dick, Os miseráveis, O senhor dos anéis, Crime e castigo, Peter Pan, Alice no país das maravilhas,
            A metamorfose, Mulherzinhas
        """),
        "painting": _list("""
            A noite estrelada, O grito, a Guernica, As meninas, A última ceia, Moça com brinco de pérola, O beijo,
            Os girassóis, A persistência da memória, O nascimento de Vênus
        """),
        "monument": _list("""
            o Big Ben, a Estátua da Liberdade, a pirâmide de Quéops, o Burj Khalifa, o Coliseu, o Taj Mahal,
            a torre de Pisa, o Partenon, a Sagrada Família, a ponte do Brooklyn, a Alhambra
        """),
        "superlative": _list("""
            o prédio mais alto do mundo, o maior deserto do mundo, a cidade mais povoada do mundo,
            a maior ilha da Europa, a montanha mais alta da Ásia, o menor país da Europa,
            a língua mais falada do mundo, a pessoa mais rica do mundo, a ponte mais longa do mundo,
            o mar mais profundo do mundo, o maior estádio do mundo, o carro mais rápido do mundo,
            a universidade mais antiga do mundo, o livro mais vendido do mundo
        """),
        "continent": _list(
            "a Ásia, a Oceania, a Antártida, a América do Norte, o Oriente Médio, a Escandinávia, a Eurásia"
        ),
        "history": _list("""
            a Primeira Guerra Mundial, a Revolução Russa, a queda do Muro de Berlim, o Império Otomano,
            a peste negra, o naufrágio do Titanic, a chegada à Lua, a Guerra do Vietnã, a Reforma Protestante,
            a guerra de Troia, a Revolução Industrial, o Renascimento, a batalha de Waterloo
        """),
        "why": _list("""
            um barco flutua, o ouro brilha, o ferro enferruja, o ímã atrai o ferro, o eco soa, um foguete sobe,
            o sabão faz bolhas, o celular trava, a gente boceja, a gente sonha, há guerras, o dólar sobe,
            as pessoas mentem, acabou a gasolina, caiu a internet, ninguém gosta de mim, há pobres e ricos
        """),
        "foreign_word": _list("""
            hello, thank you, please, sorry, bonjour, merci, ciao, school, friend, love, home, water bottle, birthday,
            good luck, weekend, danke, arigato, cheese
        """),
        "foreign_verb": _list(
            "to have, to do, to eat, to speak, to write, to run, aller, être, essen, to swim, to see"
        ),
        "game": _list(
            "Minecraft, Free Fire, Mario, Fortnite, Tetris, pôquer, xadrez, FIFA, Roblox, Among Us, Pokémon"
        ),
        "hero_a": _list("Batman, Hulk, Naruto, Thor, Pikachu, a Mônica, Homem de Ferro, Mario"),
        "hero_b": _list("Homem-Aranha, Vegeta, Aquaman, Sonic, Robin, Flash, o Cebolinha, Luigi"),
        "latam_flag": _list("""
            a bandeira do Peru, a bandeira do Chile, a bandeira do Panamá, a bandeira de Honduras,
            a bandeira da Venezuela, a bandeira de Cuba, a bandeira do Brasil, a bandeira do México
        """),
        "symptom": _list("""
            tontura, formigamento, coceira, manchas vermelhas, câimbra, palpitação, azia, prisão de ventre, gases,
            soluço, acne, cárie, ardor ao urinar, rouquidão, feridas na boca, frieira, uma verruga, uma pinta estranha,
            piolho, sarna, vermes, suor frio, inchaço nas pernas, dor nas costas, dor na cintura, dor no joelho,
            visão dupla, terçol, caspa, insônia, cansaço, alergia, urticária, dor de ouvido, colesterol alto,
            pressão alta, açúcar alto, hemorroidas, varizes, cólica menstrual,
            sangue na urina, sangue na saliva, dor no peito, dor de garganta, dor de dente, náusea, tremor nas mãos,
            mãos frias, mãos inchadas, o coração acelerado, um caroço no pescoço, o olho vermelho, espinhas no rosto,
            queda de cabelo, zumbido no ouvido, os pés inchados
        """),
        "bug": _list(
            "uma abelha, um escorpião, uma aranha, uma água-viva, uma arraia, uma vespa, uma formiga, uma lacraia, um carrapato"
        ),
        "test": _list("""
            a radiografia, a tomografia, o hemograma, o exame de urina, a ultrassonografia, a biópsia, a ressonância,
            o preventivo, o teste de HIV, a glicose, o exame de fezes
        """),
    },
}
